# A pipeline that keeps amazon-ebs and adds the provisioner and the post-processor.

source "amazon-ebs" "peer" {
  region        = "us-east-1"
  ami_name      = "distributed-{{timestamp}}"
  instance_type = "t3.small"
  ssh_username  = "admin"

  temporary_security_group_source_cidrs = ["127.0.0.0/8"]

  source_ami_filter {
    owners      = ["136693071363"]
    most_recent = true
    filters     = { name = "debian-12-amd64-*" }
  }

  aws_polling {
    delay_seconds = 1
    max_attempts  = 120
  }
}

build {
  sources = ["amazon-ebs.peer"]

  provisioner "goldenami-seal" {}

  post-processor "goldenami-distribute" {
    region = "us-east-1"
    target {
      regions    = ["eu-west-1", "ap-northeast-1"]
      kms_key_id = "alias/golden"
    }
    share {
      accounts = ["111122223333"]
    }
  }
}
