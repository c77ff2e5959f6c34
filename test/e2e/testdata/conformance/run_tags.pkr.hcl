# Tags of all that a build runs with, and the image and its snapshots get them too.

variable "source_ami" { type = string }
variable "hold" { type = string }

variable "builder" {
  type    = string
  default = "Packer"
}

source "amazon-ebs" "peer" {
  region        = "us-west-2"
  source_ami    = var.source_ami
  instance_type = "t2.micro"
  communicator  = "none"
  ami_name      = "run_tags"

  run_tags = {
    build_name  = "{{ build_name }}"
    source_name = source.name
    built_by    = var.builder
    simple      = "Simple String"
  }
  run_volume_tag {
    name  = "Name"
    value = "build volume"
  }
}

build {
  sources = ["amazon-ebs.peer"]
  provisioner "shell-local" {
    inline = ["echo ${build.ID} >${var.hold}; while [ -e ${var.hold} ]; do sleep 0.1; done"]
  }
}
