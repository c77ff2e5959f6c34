# VPC, subnet and security group that filters find.

variable "source_ami" { type = string }
variable "hold" { type = string }

source "amazon-ebs" "peer" {
  region          = "us-east-1"
  source_ami      = var.source_ami
  instance_type   = "t2.micro"
  communicator    = "none"
  ami_name        = "network_filters"
  skip_create_ami = true

  vpc_filter {
    filters = { isDefault = "true" }
  }
  subnet_filter {
    filters   = { availability-zone = "us-east-1*" }
    most_free = true
  }
  security_group_filter {
    filters = { "tag:Name" = "conformance" }
  }
}

build {
  sources = ["amazon-ebs.peer"]
  provisioner "shell-local" {
    inline = ["echo ${build.ID} >${var.hold}; while [ -e ${var.hold} ]; do sleep 0.1; done"]
  }
}
