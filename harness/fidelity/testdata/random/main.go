// SPDX-License-Identifier: GPL-2.0-or-later

// Random writes the sixteen bytes that AT_RANDOM points to, when it is linked to begin at main.entry: once the runtime has started, they
// are others.
package main

func main() {}
