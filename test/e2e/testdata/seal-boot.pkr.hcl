# A build on a machine that boots: identities and secrets stand in it, and a
# shell of somebody else is still open when it is sealed and stopped.

variable "key_file" { type = string }
variable "report" { type = string }

source "goldenami-ebs" "booted" {
  region        = "us-east-1"
  ami_name      = "booted-{{timestamp}}"
  instance_type = "t3.small"
  ssh_username  = "admin"

  ssh_keypair_name     = "builder"
  ssh_private_key_file = var.key_file

  temporary_security_group_source_cidrs = ["127.0.0.0/8"]
  user_data                             = "#cloud-config\nwrite_files:\n- path: /root/from-user-data\n  content: canary-user-data\n"

  source_ami_filter {
    owners      = ["136693071363"]
    most_recent = true
    filters     = { name = "debian-12-amd64-*" }
  }
}

build {
  sources = ["goldenami-ebs.booted"]

  provisioner "shell" {
    script          = "test/e2e/testdata/seal-boot.sh"
    execute_command = "sudo sh {{ .Path }}"
  }
  provisioner "goldenami-seal" {
    report = var.report
  }
}
