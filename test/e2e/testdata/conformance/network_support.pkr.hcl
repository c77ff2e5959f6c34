# Attributes that are set on the stopped instance.

variable "source_ami" { type = string }

source "amazon-ebs" "peer" {
  region        = "us-east-1"
  source_ami    = var.source_ami
  instance_type = "t3.small"
  communicator  = "none"
  ami_name      = "network_support"
  ena_support   = true
  sriov_support = true
}

build {
  sources = ["amazon-ebs.peer"]
}
