# Run tags that stay off the image, which has a tag of its own.

variable "name" { type = string }
variable "source_ami" { type = string }

variable "tags" {
  type    = map(string)
  default = {}
}

source "amazon-ebs" "peer" {
  region            = "us-east-1"
  source_ami        = var.source_ami
  instance_type     = "t2.micro"
  communicator      = "none"
  ami_name          = var.name
  skip_ami_run_tags = true
  run_tags          = { simple = "Simple String" }
  tags              = var.tags
}

build {
  sources = ["amazon-ebs.peer"]
}
