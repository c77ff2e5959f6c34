# What RunInstances can say of an instance, as the instance shows it.

variable "source_ami" { type = string }
variable "hold" { type = string }

source "amazon-ebs" "peer" {
  region                          = "us-east-1"
  source_ami                      = var.source_ami
  instance_type                   = "m5.xlarge"
  communicator                    = "none"
  ami_name                        = "launch_options"
  availability_zone               = "us-east-1b"
  ebs_optimized                   = true
  enable_nitro_enclave            = true
  shutdown_behavior               = "terminate"
  capacity_reservation_preference = "none"
  user_data                       = "#!/bin/sh\necho first boot\n"

  placement {
    tenancy = "dedicated"
  }
}

build {
  sources = ["amazon-ebs.peer"]
  provisioner "shell-local" {
    inline = ["echo ${build.ID} >${var.hold}; while [ -e ${var.hold} ]; do sleep 0.1; done"]
  }
}
