package control_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/clock"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

func TestVirtualTimeIsMovedFromOutside(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, sandbox.Options{Clock: clock.NewVirtual(clock.Epoch, 0)})
	var at struct{ Now time.Time }
	if status := ask(t, s, http.MethodPost, "clock", `{"advance":"90m"}`, &at); status != http.StatusOK || !at.Now.Equal(clock.Epoch.Add(90*time.Minute)) {
		t.Errorf("%d, %s", status, at.Now)
	}
	ask(t, s, http.MethodGet, "clock", "", &at)
	if !at.Now.Equal(clock.Epoch.Add(90 * time.Minute)) {
		t.Errorf("it is %s", at.Now)
	}
	for body, want := range map[string]int{
		`{"advance":"soon"}`: http.StatusBadRequest, `{"forward":"1h"}`: http.StatusBadRequest, `{`: http.StatusBadRequest, `{"advance":"-1h"}`: http.StatusConflict,
	} {
		if status := ask(t, s, http.MethodPost, "clock", body, nil); status != want {
			t.Errorf("%s: %d, want %d", body, status, want)
		}
	}
}

func TestTheMachinesTimeIsNotMoved(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, sandbox.Options{})
	var failure struct{ Error string }
	if status := ask(t, s, http.MethodPost, "clock", `{"advance":"1h"}`, &failure); status != http.StatusConflict || !strings.Contains(failure.Error, "moves by itself") {
		t.Errorf("%d: %s", status, failure.Error)
	}
}
