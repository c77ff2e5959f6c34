# A template without a mistake; TestBadInput puts one in at a time.

source "goldenami-ebs" "web" {
  region        = "us-east-1"
  family        = "web"
  instance_type = "t3.small"
  ssh_username  = "admin"
  source_ami_filter {
    owners      = ["136693071363"]
    most_recent = true
    filters     = { name = "debian-12-amd64-*" }
  }
  stage {
    name   = "patch"
    tier   = "os-only"
    inline = ["true"]
  }
}

build {
  source "goldenami-ebs.web" {
    name       = "base"
    tier       = "os-only"
    shelf_life = "90d"
  }
  source "goldenami-ebs.web" {
    name      = "runtime"
    tier      = "hybrid"
    ami_users = ["111122223333"]
    parent {
      tier = "os-only"
    }
  }

  provisioner "goldenami-seal" {}

  post-processor "goldenami-distribute" {
    only   = ["goldenami-ebs.runtime"]
    region = "us-east-1"
    target {
      regions    = ["eu-west-1"]
      kms_key_id = "alias/golden"
    }
    share {
      accounts = ["111122223333"]
    }
    deprecate_after = "90d"
    timeout         = "2h"
  }
}
