//go:build !linux

package pglocal

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// dieWithParent: only Linux can. Elsewhere a server whose parent was killed runs on until the next start, which asks
// it to go.
func dieWithParent(*syscall.SysProcAttr) {}

// commandLine is a process's program and arguments with a space after each.
func commandLine(pid int) (line string, known bool) {
	out, err := exec.Command("ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	return strings.TrimSpace(string(out)) + " ", err == nil
}
