source "goldenami-ebs" "web" {
  region        = "us-east-1"
  family        = "web"
  instance_type = "t3.small"
  communicator  = "none"
  source_ami_filter {
    owners      = ["136693071363"]
    most_recent = true
    filters     = { name = "debian-12-amd64-*" }
  }
  inputs {
    values = { release = "1" }
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
}
