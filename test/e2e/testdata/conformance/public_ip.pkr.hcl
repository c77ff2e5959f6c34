# An address that is asked for or refused, without a subnet and with a filter that finds one.

variable "source_ami" { type = string }
variable "public" { type = bool }
variable "spot_price" { type = string }
variable "hold" { type = string }

variable "subnet_filter" {
  type    = map(string)
  default = {}
}

source "amazon-ebs" "peer" {
  region                      = "us-east-1"
  source_ami                  = var.source_ami
  instance_type               = "t2.micro"
  spot_price                  = var.spot_price
  communicator                = "none"
  ami_name                    = "public_ip"
  associate_public_ip_address = var.public
  skip_create_ami             = true

  dynamic "subnet_filter" {
    for_each = length(var.subnet_filter) > 0 ? [var.subnet_filter] : []
    content {
      filters = subnet_filter.value
    }
  }
}

build {
  sources = ["amazon-ebs.peer"]
  provisioner "shell-local" {
    inline = ["echo ${build.ID} >${var.hold}; while [ -e ${var.hold} ]; do sleep 0.1; done"]
  }
}
