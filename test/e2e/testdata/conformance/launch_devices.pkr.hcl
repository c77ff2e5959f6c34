# Volumes of every kind at launch, with tags: they become devices of the image.

variable "source_ami" { type = string }
variable "snapshot" { type = string }
variable "hold" { type = string }

source "amazon-ebs" "peer" {
  region        = "us-east-1"
  source_ami    = var.source_ami
  instance_type = "m3.medium"
  communicator  = "none"
  ami_name      = "launch_devices"

  launch_block_device_mappings {
    device_name           = "/dev/xvda"
    volume_size           = 12
    volume_type           = "gp3"
    iops                  = 4000
    throughput            = 250
    delete_on_termination = true
  }
  launch_block_device_mappings {
    device_name           = "/dev/sdf"
    volume_size           = 10
    volume_type           = "io1"
    iops                  = 500
    encrypted             = true
    kms_key_id            = "alias/golden"
    delete_on_termination = true
  }
  launch_block_device_mappings {
    device_name           = "/dev/sdg"
    volume_size           = 4
    volume_type           = "io2"
    iops                  = 200
    delete_on_termination = true
  }
  launch_block_device_mappings {
    device_name           = "/dev/sdh"
    snapshot_id           = var.snapshot
    volume_type           = "gp2"
    delete_on_termination = true
  }
  launch_block_device_mappings {
    device_name  = "/dev/sdi"
    virtual_name = "ephemeral0"
  }

  run_volume_tags = {
    purpose = "build"
  }
}

build {
  sources = ["amazon-ebs.peer"]
  provisioner "shell-local" {
    inline = ["echo ${build.ID} >${var.hold}; while [ -e ${var.hold} ]; do sleep 0.1; done"]
  }
}
