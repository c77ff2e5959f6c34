# An image with a date of deprecation.

variable "source_ami" { type = string }
variable "deprecate_at" { type = string }

source "amazon-ebs" "peer" {
  region        = "us-east-1"
  source_ami    = var.source_ami
  instance_type = "m3.medium"
  communicator  = "none"
  ami_name      = "deprecation"
  deprecate_at  = var.deprecate_at
}

build {
  sources = ["amazon-ebs.peer"]
}
