# The security group of a build, open to two networks.

variable "source_ami" { type = string }
variable "hold" { type = string }

source "amazon-ebs" "peer" {
  region          = "us-east-1"
  source_ami      = var.source_ami
  instance_type   = "t2.micro"
  communicator    = "none"
  ami_name        = "temporary_group"
  skip_create_ami = true

  temporary_security_group_source_cidrs = ["198.51.100.0/24", "2001:db8::/32"]
}

build {
  sources = ["amazon-ebs.peer"]
  provisioner "shell-local" {
    inline = ["echo ${build.ID} >${var.hold}; while [ -e ${var.hold} ]; do sleep 0.1; done"]
  }
}
