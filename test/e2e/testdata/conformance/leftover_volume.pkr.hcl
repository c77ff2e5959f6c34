# A launch volume that is not deleted with its instance: amazon-ebs says that these accumulate.

variable "source_ami" { type = string }

source "amazon-ebs" "peer" {
  region        = "us-east-2"
  source_ami    = var.source_ami
  instance_type = "t3.small"
  communicator  = "none"
  ami_name      = "leftover_volume"

  launch_block_device_mappings {
    device_name = "/dev/sdf"
    volume_size = 3
  }
}

build {
  sources = ["amazon-ebs.peer"]
}
