// SPDX-License-Identifier: GPL-2.0-or-later

package zoo

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed template.txt
var template string

// Template is the text of a new entry, with a comment for each key. It loads as it stands.
func Template(id string) (string, error) {
	if !isID(id) {
		return "", fmt.Errorf("%q cannot be an entry's name: want lower-case letters, digits and dashes", id)
	}
	return strings.ReplaceAll(template, "ENTRY", id), nil
}
