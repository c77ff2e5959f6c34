# A Spot Instance of any of several types, with the tags of its fleet and its request.

variable "source_ami" { type = string }
variable "hold" { type = string }

source "amazon-ebs" "peer" {
  region                   = "us-east-1"
  source_ami               = var.source_ami
  communicator             = "none"
  ami_name                 = "spot"
  spot_price               = "0.09"
  spot_instance_types      = ["t3.medium", "m5.large"]
  spot_allocation_strategy = "capacity-optimized"
  spot_tags                = { request = "spot" }
  fleet_tags               = { fleet = "instant" }
  run_tags                 = { simple = "Simple String" }
  run_volume_tags          = { purpose = "build" }

  launch_block_device_mappings {
    device_name           = "/dev/sdf"
    volume_size           = 2
    delete_on_termination = true
  }
}

build {
  sources = ["amazon-ebs.peer"]
  provisioner "shell-local" {
    inline = ["echo ${build.ID} >${var.hold}; while [ -e ${var.hold} ]; do sleep 0.1; done"]
  }
}
