variable "dir" {
  type = string
}

variable "post" {
  type    = string
  default = "true"
}

source "goldenami-ebs" "web" {
  region        = "us-east-1"
  family        = "web"
  tier          = "os-only"
  instance_type = "t3.small"
  ssh_username  = "admin"

  temporary_security_group_source_cidrs = ["127.0.0.0/8"]

  source_ami_filter {
    owners      = ["136693071363"]
    most_recent = true
    filters     = { name = "debian-12-amd64-*" }
  }
  inputs {
    files  = ["${var.dir}/declared.sh"]
    values = { inline = "true # inline" }
  }
  scan {}
}

build {
  sources = ["goldenami-ebs.web"]

  provisioner "shell" {
    script = "${var.dir}/declared.sh"
  }
  provisioner "shell" {
    inline = ["true # inline"]
  }
  provisioner "file" {
    source      = "${var.dir}/stray.sh"
    destination = "/tmp/stray.sh"
  }

  post-processor "shell-local" {
    inline = [
      "echo ID=${build.ID} REUSED=${build.GoldenReused} TIER=${build.GoldenTier} SOURCE=${build.SourceAMI}",
      var.post,
    ]
  }
}
