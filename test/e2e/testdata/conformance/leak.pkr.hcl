# A build of two volumes, for faults at its wait for the image.

variable "source_ami" { type = string }

source "amazon-ebs" "peer" {
  region        = "us-east-1"
  source_ami    = var.source_ami
  instance_type = "t3.small"
  communicator  = "none"
  ami_name      = "leak"

  launch_block_device_mappings {
    device_name           = "/dev/sdf"
    volume_size           = 2
    delete_on_termination = true
  }
}

build {
  sources = ["amazon-ebs.peer"]
}
