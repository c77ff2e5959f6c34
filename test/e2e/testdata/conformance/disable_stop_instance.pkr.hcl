# The template stops its instance itself, here with the AWS CLI.

variable "source_ami" { type = string }
variable "aws" { type = string }

source "amazon-ebs" "peer" {
  region                = "us-east-1"
  source_ami            = var.source_ami
  instance_type         = "t3.small"
  communicator          = "none"
  ami_name              = "disable_stop_instance"
  disable_stop_instance = true
}

build {
  sources = ["amazon-ebs.peer"]
  provisioner "shell-local" {
    inline = ["${var.aws} ec2 stop-instances --instance-ids ${build.ID}"]
  }
}
