/// The bytes of TensorBoard's event files: framed records, each a protocol buffer `tensorflow.Event`.
public enum EventRecord {
    /// u64 length, masked CRC of it, the data, masked CRC of the data; little endian.
    public static func framed(_ data: [UInt8]) -> [UInt8] {
        let length = little(UInt64(data.count))
        return length + little(CRC32C.masked(length)) + data + little(CRC32C.masked(data))
    }

    /// The first record of every file.
    public static func version(wallTime: Double) -> [UInt8] {
        framed(head(wallTime, step: nil) + bytes(field: 3, Array("brain.Event:2".utf8)))
    }

    /// Marks where a process began to write: TensorBoard drops what an earlier one wrote from this step on.
    public static func sessionStart(wallTime: Double, step: Int) -> [UInt8] {
        framed(head(wallTime, step: step) + bytes(field: 7, [0x08, 0x01]))
    }

    /// Values by tag, in the order given.
    public static func scalars(_ values: [(tag: String, value: Float)], wallTime: Double, step: Int) -> [UInt8] {
        var summary: [UInt8] = []
        for (tag, value) in values {
            summary += bytes(field: 1, bytes(field: 1, Array(tag.utf8)) + [0x15] + little(value.bitPattern))
        }
        return framed(head(wallTime, step: step) + bytes(field: 5, summary))
    }

    /// Event.wall_time (1, double) and Event.step (2, int64).
    private static func head(_ wallTime: Double, step: Int?) -> [UInt8] {
        [0x09] + little(wallTime.bitPattern) + (step.map { [0x10] + varint(UInt64(bitPattern: Int64($0))) } ?? [])
    }

    /// A field of wire type 2.
    private static func bytes(field: UInt8, _ content: [UInt8]) -> [UInt8] {
        [field << 3 | 2] + varint(UInt64(content.count)) + content
    }

    private static func varint(_ value: UInt64) -> [UInt8] {
        var (rest, out): (UInt64, [UInt8]) = (value, [])
        while rest >= 0x80 {
            out.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return out + [UInt8(rest)]
    }

    private static func little(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
