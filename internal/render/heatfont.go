// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
)

// The fonts of pictures: Go's own. Their files are a part of the program, so that pictures are the same everywhere.
var (
	regularFont = sync.OnceValue(func() *opentype.Font { return mustFont(goregular.TTF) })
	boldFont    = sync.OnceValue(func() *opentype.Font { return mustFont(gobold.TTF) })
)

func mustFont(file []byte) *opentype.Font {
	f, err := opentype.Parse(file)
	if err != nil {
		panic("a font of golang.org/x/image cannot be read: " + err.Error())
	}
	return f
}

// heatFonts are the fonts in the sizes that were asked for. They are not for several goroutines at once.
type heatFonts struct {
	faces map[heatFace]font.Face
}

type heatFace struct {
	size int // pixels
	bold bool
}

func newHeatFonts() *heatFonts { return &heatFonts{faces: map[heatFace]font.Face{}} }

func (f *heatFonts) face(size int, bold bool) font.Face {
	key := heatFace{size, bold}
	face, ok := f.faces[key]
	if !ok {
		source := regularFont()
		if bold {
			source = boldFont()
		}
		// Sizes in pixels are sizes in points at 72 dots per inch. The error is of options that this never has.
		face, _ = opentype.NewFace(source, &opentype.FaceOptions{Size: float64(size), DPI: 72, Hinting: font.HintingNone})
		f.faces[key] = face
	}
	return face
}

// width is how wide a text is.
func (f *heatFonts) width(text string, size int, bold bool) int {
	return font.MeasureString(f.face(size, bold), text).Ceil()
}
