# An image of no family: what tells that it is sealed reaches its copies all the same.

source "goldenami-ebs" "plain" {
  region        = "us-east-1"
  ami_name      = "sealed-{{timestamp}}"
  instance_type = "t3.small"
  ssh_username  = "admin"

  temporary_security_group_source_cidrs = ["127.0.0.0/8"]

  source_ami_filter {
    owners      = ["136693071363"]
    most_recent = true
    filters     = { name = "debian-12-amd64-*" }
  }
}

build {
  sources = ["goldenami-ebs.plain"]

  provisioner "goldenami-seal" {}

  post-processor "goldenami-distribute" {
    region = "us-east-1"
    target {
      regions    = ["eu-west-1", "ap-northeast-1"]
      kms_key_id = "alias/golden"
    }
  }
}
