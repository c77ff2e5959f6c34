# Instance stores that a Windows guest would have by default are suppressed.

variable "source_ami" { type = string }

source "amazon-ebs" "peer" {
  region        = "us-east-1"
  source_ami    = var.source_ami
  instance_type = "t3.small"
  communicator  = "none"
  ami_name      = "no_ephemeral"
  no_ephemeral  = true
}

build {
  sources = ["amazon-ebs.peer"]
}
