# An instance profile that exists.

variable "source_ami" { type = string }
variable "hold" { type = string }

source "amazon-ebs" "peer" {
  region               = "us-east-1"
  source_ami           = var.source_ami
  instance_type        = "t2.micro"
  communicator         = "none"
  ami_name             = "instance_profile"
  skip_create_ami      = true
  iam_instance_profile = "conformance"
}

build {
  sources = ["amazon-ebs.peer"]
  provisioner "shell-local" {
    inline = ["echo ${build.ID} >${var.hold}; while [ -e ${var.hold} ]; do sleep 0.1; done"]
  }
}
