# A guest that is reached with a temporary key of either type, and reads its user data.

variable "source_ami" { type = string }
variable "hold" { type = string }
variable "key_type" { type = string }

source "amazon-ebs" "peer" {
  region                                = "us-east-1"
  source_ami                            = var.source_ami
  instance_type                         = "t2.micro"
  ssh_username                          = "admin"
  ami_name                              = "key_pair_${var.key_type}"
  temporary_key_pair_type               = var.key_type
  temporary_security_group_source_cidrs = ["127.0.0.0/8"]
  user_data                             = "#!/bin/sh\necho from user data >/etc/conformance\n"
}

build {
  sources = ["amazon-ebs.peer"]
  provisioner "shell-local" {
    inline = ["echo ${build.ID} >${var.hold}; while [ -e ${var.hold} ]; do sleep 0.1; done"]
  }
  provisioner "shell" {
    inline = ["echo \"keys: $(cat ~/.ssh/authorized_keys)\"", "cat /etc/conformance"]
  }
}
