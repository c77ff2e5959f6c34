package instance_test

const victimDir = "GOLDENAMI_TEST_VICTIM"

func victim(string) {}
