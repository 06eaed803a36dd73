//go:build !linux

package main

import "syscall"

// detached puts a child in a group of its own; without a death signal it notices by its standard input that we are gone.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
