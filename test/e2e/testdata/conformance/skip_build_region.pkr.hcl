# The image is kept in the other Region alone.

variable "source_ami" { type = string }

source "amazon-ebs" "peer" {
  region                 = "us-east-1"
  source_ami             = var.source_ami
  instance_type          = "t3.small"
  communicator           = "none"
  ami_name               = "skip_build_region"
  ami_regions            = ["us-west-2"]
  skip_save_build_region = true
}

build {
  sources = ["amazon-ebs.peer"]
}
