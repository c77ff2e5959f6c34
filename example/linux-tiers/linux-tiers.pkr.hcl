# Three images of one family, each layered on the one before: the operating system,
# a runtime on it, the application on that. The full image goes to two more Regions,
# encrypted there with a key of that Region, and is shared with another account.
#
# "make demo" builds this on the local endpoint. variables.pkr.hcl says what to set
# on a real account.

packer {
  required_version = ">= 1.11.0"
  required_plugins {
    goldenami = {
      source  = "github.com/goldenami/goldenami"
      version = ">= 0.1.0"
    }
  }
}

source "goldenami-ebs" "web" {
  region        = var.region
  family        = "web"
  instance_type = var.instance_type
  communicator  = var.communicator
  ssh_username  = var.ssh_username

  # Who may reach the build instance. Without it: the address of this machine alone.
  temporary_security_group_source_cidrs = var.builder_cidrs

  source_ami_filter {
    owners      = var.source_owners
    most_recent = true
    filters = {
      name                = var.source_name
      root-device-type    = "ebs"
      virtualization-type = "hvm"
    }
  }

  # One list for all tiers. What an image does not hold, it does at first boot.
  stage {
    name   = "patch"
    tier   = "os-only"
    script = "${path.root}/stages/patch.sh"
    environment = {
      UPGRADE = var.upgrade
    }
  }
  stage {
    name   = "runtime"
    tier   = "hybrid"
    script = "${path.root}/stages/runtime.sh"
  }
  stage {
    name   = "app"
    tier   = "full"
    script = "${path.root}/stages/app.sh"
    environment = {
      APP_VERSION = var.app_version
    }
  }

  # Before an image is good, two machines of it complete themselves and are looked at.
  verify {
    unique_identity = true
    inline          = ["/opt/runtime/bin/run-app /opt/app/current/app"]
  }

  # An image is used again while nothing of this changed. Packer does not show its
  # provisioners to a builder, so whoever changes those below changes this too.
  inputs {
    values = { provisioners = "seal" }
  }

  # Start instances with this user data: of any tier, they end as the same machine.
  first_boot {
    file = var.first_boot_file
  }
}

build {
  source "goldenami-ebs.web" {
    name = "base"
    tier = "os-only"
  }
  source "goldenami-ebs.web" {
    name = "runtime"
    tier = "hybrid"
  }
  source "goldenami-ebs.web" {
    name = "app"
    tier = "full"
  }

  provisioner "goldenami-seal" {}

  post-processor "goldenami-distribute" {
    only   = ["goldenami-ebs.app"]
    region = var.region
    target {
      regions    = var.copy_regions
      kms_key_id = var.kms_key
    }
    share {
      accounts = var.share_accounts
    }
    outputs {
      json    = var.images_json
      lineage = var.lineage_file # from this image up to the vendor's
    }
  }
}
