# An image that cannot be deregistered, with a cooldown or without.

variable "name" { type = string }
variable "source_ami" { type = string }
variable "cooldown" { type = bool }

source "amazon-ebs" "peer" {
  region        = "us-east-1"
  source_ami    = var.source_ami
  instance_type = "t2.micro"
  communicator  = "none"
  ami_name      = var.name

  deregistration_protection {
    enabled       = true
    with_cooldown = var.cooldown
  }
}

build {
  sources = ["amazon-ebs.peer"]
}
