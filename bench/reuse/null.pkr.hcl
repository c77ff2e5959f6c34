source "null" "none" {
  communicator = "none"
}

build {
  source "null.none" {
    name = "base"
  }
  source "null.none" {
    name = "runtime"
  }
  source "null.none" {
    name = "app"
  }
}
