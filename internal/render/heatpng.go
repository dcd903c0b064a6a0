// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"

	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
)

// heatScalePNG is how many pixels of a PNG are a unit of the scene: pictures are looked at on fine screens.
const heatScalePNG = 2

// PNG writes the map as a picture. Equal sweeps give equal bytes.
func (h *Heat) PNG(w io.Writer) error {
	f := newHeatFonts()
	s := h.scene(f)
	const k = heatScalePNG
	img := image.NewRGBA(image.Rect(0, 0, s.width*k, s.height*k))
	draw.Draw(img, img.Bounds(), image.NewUniform(paperColour), image.Point{}, draw.Src)
	for _, r := range s.rects {
		area := image.Rect(r.x*k, r.y*k, (r.x+r.w)*k, (r.y+r.h)*k)
		draw.Draw(img, area, image.NewUniform(r.fill), image.Point{}, draw.Src)
		if r.hatched {
			hatch(img, area, hatchOn(r.fill))
		}
	}
	for _, t := range s.texts {
		drawText(img, f, t)
	}
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	return encoder.Encode(w, img)
}

// hatchPeriod is the distance of the lines of a hatched area, in units, along the axes.
const hatchPeriod = 6

// hatchOn is the colour of the lines on a colour: it stays readable between them.
func hatchOn(fill color.RGBA) color.RGBA {
	ink := inkOn(fill)
	mix := func(a, b uint8) uint8 { return uint8((int(a)*55 + int(b)*45) / 100) }
	return color.RGBA{mix(fill.R, ink.R), mix(fill.G, ink.G), mix(fill.B, ink.B), 0xff}
}

// hatch draws lines from the lower left to the upper right.
func hatch(img *image.RGBA, area image.Rectangle, line color.RGBA) {
	const period = hatchPeriod * heatScalePNG
	area = area.Intersect(img.Bounds())
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			if (x+y)%period < period/4 {
				img.SetRGBA(x, y, line)
			}
		}
	}
}

// drawText draws a line of text; one that goes up is drawn level first and turned.
func drawText(img *image.RGBA, f *heatFonts, t heatText) {
	const k = heatScalePNG
	face := f.face(t.size*k, t.bold)
	width := font.MeasureString(face, t.text)
	shift := map[string]fixed.Int26_6{"middle": width / 2, "end": width}[t.anchor]
	if !t.up {
		d := font.Drawer{Dst: img, Src: image.NewUniform(t.fill), Face: face, Dot: fixed.P(t.x*k, t.y*k)}
		d.Dot.X -= shift
		d.DrawString(t.text)
		return
	}
	ascent, descent := face.Metrics().Ascent.Ceil(), face.Metrics().Descent.Ceil()
	level := image.NewAlpha(image.Rect(0, 0, width.Ceil(), ascent+descent))
	d := font.Drawer{Dst: level, Src: image.Opaque, Face: face, Dot: fixed.P(0, ascent)}
	d.DrawString(t.text)
	turned := image.NewAlpha(image.Rect(0, 0, level.Rect.Dy(), level.Rect.Dx()))
	for y := range level.Rect.Dy() {
		for x := range level.Rect.Dx() {
			turned.SetAlpha(y, level.Rect.Dx()-1-x, level.AlphaAt(x, y))
		}
	}
	// The base line is at t.x, and the text ends at t.y: its beginning is below.
	at := image.Pt(t.x*k-ascent, t.y*k-level.Rect.Dx()+shift.Ceil())
	draw.DrawMask(img, turned.Rect.Add(at), image.NewUniform(t.fill), image.Point{}, turned, image.Point{}, draw.Over)
}
