package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance"
)

func TestMain(m *testing.M) {
	instance.MaybeGuest()
	testscript.Main(m, map[string]func(){"sandbox": main})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{Dir: "testdata", RequireExplicitExec: true})
}

func TestCallersOwnAWSSettingsStayOut(t *testing.T) {
	t.Parallel()
	kept := withoutAWS([]string{"PATH=/bin", "AWS_PROFILE=prod", "AWS_SESSION_TOKEN=x", "HOME=/h"})
	if len(kept) != 2 || kept[0] != "PATH=/bin" || kept[1] != "HOME=/h" {
		t.Errorf("kept %v", kept)
	}
}

func TestDevNullIsNoTerminal(t *testing.T) {
	t.Parallel()
	info, err := os.Stat(os.DevNull)
	if err != nil || !isDevNull(info) {
		t.Errorf("%v, %v", info, err)
	}
}
