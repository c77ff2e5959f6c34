# Tags of the image, and snapshot tags over them.

variable "source_ami" { type = string }

source "amazon-ebs" "peer" {
  region        = "us-east-1"
  source_ami    = var.source_ami
  instance_type = "t2.micro"
  communicator  = "none"
  ami_name      = "tags"

  tags = {
    OS_Version = "Debian"
    Release    = "Latest"
    Name       = "Bleep"
  }
  snapshot_tags = { Name = "Foobar" }
}

build {
  sources = ["amazon-ebs.peer"]
}
