// SPDX-License-Identifier: GPL-2.0-or-later

package diff

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOwnPath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/etc/localtime":                      "/etc/localtime",
		"/proc/1000/maps":                     "/proc/self/maps",
		"/proc/self/task/1001/status":         "/proc/self/status",
		"/proc/self/fd/17":                    "/proc/self/fd/N",
		"/usr/local/go/lib/time/zoneinfo.zip": "$GOROOT/lib/time/zoneinfo.zip",
		"/home/a/go/pkg/mod/golang.org/toolchain@v0.0.1-go1.25.14.linux-amd64/lib/time/zoneinfo.zip": "$GOROOT/lib/time/zoneinfo.zip",
		"/home/a/go/pkg/mod/golang.org/toolchain@v0.0.1-go1.25.14.linux-amd64/src/runtime":           "$GOROOT/src/runtime",
		"/usr/share/zoneinfo/Europe/Paris": "/usr/share/zoneinfo/Europe/Paris",
		"lib/time/zoneinfo.zip":            "lib/time/zoneinfo.zip",
	} {
		require.Equal(t, want, ownPath(path), path)
	}
}
