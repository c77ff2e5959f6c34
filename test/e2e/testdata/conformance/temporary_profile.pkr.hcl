# An instance profile of the build's own, which goes with it.

variable "source_ami" { type = string }
variable "instance_type" { type = string }
variable "hold" { type = string }

source "amazon-ebs" "peer" {
  region          = "us-east-1"
  source_ami      = var.source_ami
  instance_type   = var.instance_type
  communicator    = "none"
  ami_name        = "temporary_profile"
  skip_create_ami = true
  run_tags        = { simple = "Simple String" }

  temporary_iam_instance_profile_policy_document {
    Version = "2012-10-17"
    Statement {
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = ["*"]
    }
  }
}

build {
  sources = ["amazon-ebs.peer"]
  provisioner "shell-local" {
    inline = ["echo ${build.ID} >${var.hold}; while [ -e ${var.hold} ]; do sleep 0.1; done"]
  }
}
