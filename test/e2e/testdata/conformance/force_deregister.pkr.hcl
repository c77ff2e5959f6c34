# Two builds of one name: the second replaces the first, with its snapshots or without.

variable "name" { type = string }
variable "source_ami" { type = string }

variable "force" {
  type    = bool
  default = false
}

variable "snapshots" {
  type    = bool
  default = false
}

source "amazon-ebs" "peer" {
  region                = "us-east-1"
  source_ami            = var.source_ami
  instance_type         = "m3.medium"
  communicator          = "none"
  ami_name              = var.name
  force_deregister      = var.force
  force_delete_snapshot = var.snapshots
}

build {
  sources = ["amazon-ebs.peer"]
}
