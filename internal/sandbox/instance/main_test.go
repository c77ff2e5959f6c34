package instance_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance"
)

func TestMain(m *testing.M) {
	instance.MaybeGuest()
	if dir := os.Getenv(victimDir); dir != "" {
		victim(dir)
	}
	goleak.VerifyTestMain(m)
}
