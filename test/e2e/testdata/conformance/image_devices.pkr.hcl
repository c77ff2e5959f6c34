# Devices of the image that the build's instance did not have.

variable "source_ami" { type = string }
variable "snapshot" { type = string }

source "amazon-ebs" "peer" {
  region        = "us-east-1"
  source_ami    = var.source_ami
  instance_type = "t3.small"
  communicator  = "none"
  ami_name      = "image_devices"

  launch_block_device_mappings {
    device_name           = "/dev/sde"
    volume_size           = 1
    delete_on_termination = true
  }

  ami_block_device_mappings {
    device_name           = "/dev/xvda"
    volume_size           = 20
    volume_type           = "gp3"
    iops                  = 5000
    throughput            = 300
    delete_on_termination = true
  }
  ami_block_device_mappings {
    device_name = "/dev/sde"
    no_device   = true
  }
  ami_block_device_mappings {
    device_name  = "/dev/sdb"
    virtual_name = "ephemeral0"
  }
  ami_block_device_mappings {
    device_name           = "/dev/sdf"
    volume_size           = 30
    volume_type           = "st1"
    encrypted             = true
    delete_on_termination = false
  }
  ami_block_device_mappings {
    device_name = "/dev/sdg"
    snapshot_id = var.snapshot
  }
}

build {
  sources = ["amazon-ebs.peer"]
}
