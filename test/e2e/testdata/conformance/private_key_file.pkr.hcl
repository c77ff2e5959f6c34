# A guest that is reached with a key pair of the user's own.

variable "source_ami" { type = string }
variable "hold" { type = string }
variable "private_key" { type = string }

source "amazon-ebs" "peer" {
  region                                = "us-east-1"
  source_ami                            = var.source_ami
  instance_type                         = "m3.medium"
  ssh_username                          = "admin"
  ssh_keypair_name                      = "conformance"
  ssh_private_key_file                  = var.private_key
  ami_name                              = "private_key_file"
  temporary_security_group_source_cidrs = ["127.0.0.0/8"]
}

build {
  sources = ["amazon-ebs.peer"]
  provisioner "shell-local" {
    inline = ["echo ${build.ID} >${var.hold}; while [ -e ${var.hold} ]; do sleep 0.1; done"]
  }
  provisioner "shell" {
    inline = ["echo Successful login as $(id -un)"]
  }
}
