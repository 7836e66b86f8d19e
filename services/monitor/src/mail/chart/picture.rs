//! A canvas as a PNG file.

use super::canvas::Canvas;

pub(super) fn png(canvas: &Canvas) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, canvas.width, canvas.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    // Into memory, with as many bytes as the header says: neither can fail.
    let mut writer = encoder.write_header().expect("a header is written");
    let bytes = canvas.pixels.as_flattened();
    writer.write_image_data(bytes).expect("an image is written");
    writer.finish().expect("an end is written");
    file
}
