# Burstable instances, with standard and with unlimited credits.

variable "source_ami" { type = string }
variable "unlimited" { type = bool }
variable "spot_price" { type = string }
variable "hold" { type = string }

source "amazon-ebs" "peer" {
  region                   = "us-west-2"
  source_ami               = var.source_ami
  instance_type            = "t3a.nano"
  communicator             = "none"
  ami_name                 = "unlimited_credits"
  skip_create_ami          = true
  enable_unlimited_credits = var.unlimited
  spot_price               = var.spot_price

  temporary_iam_instance_profile_policy_document {
    Version = "2012-10-17"
    Statement {
      Effect   = "Allow"
      Action   = ["ec2:DescribeInstanceCreditSpecifications"]
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
