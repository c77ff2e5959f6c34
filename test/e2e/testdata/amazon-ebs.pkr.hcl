# What users of the unmodified amazon-ebs write: an encrypted image in three
# Regions, shared with another account.

packer {
  required_plugins {
    amazon = {
      source  = "github.com/hashicorp/amazon"
      version = "= 1.8.2"
    }
  }
}

source "amazon-ebs" "peer" {
  region        = "us-east-1"
  ami_name      = "peer-{{timestamp}}"
  instance_type = "t3.small"
  ssh_username  = "admin"

  temporary_security_group_source_cidrs = ["127.0.0.0/8"]

  source_ami_filter {
    owners      = ["136693071363"]
    most_recent = true
    filters     = { name = "debian-12-amd64-*" }
  }

  encrypt_boot = true
  kms_key_id   = "alias/golden"
  ami_regions  = ["eu-west-1", "ap-northeast-1"]
  region_kms_key_ids = {
    eu-west-1      = "alias/golden"
    ap-northeast-1 = "alias/golden"
  }
  ami_users      = ["111122223333"]
  snapshot_users = ["111122223333"]
  tags           = { team = "peer" }
  snapshot_tags  = { disk = "root" }

  aws_polling {
    delay_seconds = 1
    max_attempts  = 120
  }
}

build {
  sources = ["amazon-ebs.peer"]
  provisioner "shell" {
    inline = ["echo built | sudo tee /etc/peer"]
  }
}
