import RhoCore

/// The checked header of a safetensors file.
struct SafetensorsHeader {
    var entries: [Safetensors.Entry] = []
    var metadata: [(key: String, value: String)] = []

    /// Reads and checks the header at the start of `bytes`. Every error names `path`.
    init(_ bytes: UnsafeRawBufferPointer, path: String) throws(RhoError) {
        func fail(_ message: String) -> RhoError { RhoError(.checkpoint, "\(path): \(message)") }
        guard bytes.count >= 8 else {
            throw fail("not a safetensors file: \(bytes.count) bytes, and the header length alone takes 8")
        }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(Safetensors.headerLimit) else {
            throw fail("the header claims \(length) bytes, and the format allows \(Safetensors.headerLimit)")
        }
        let start = 8 + Int(length)
        guard start <= bytes.count else {
            throw fail("truncated: the header claims \(length) bytes and \(bytes.count - 8) follow")
        }
        let object: JSONObject
        do throws(RhoError) {
            let parsed = try JSON.parse(UnsafeRawBufferPointer(rebasing: bytes[8..<start]))
            guard let value = parsed.objectValue else { throw fail("the header is not a JSON object") }
            object = value
        } catch {
            throw error.message.hasPrefix(path) ? error : fail("the header is not valid JSON: \(error.message)")
        }
        for key in object.keys {
            guard let value = object[key] else { continue }
            if key == "__metadata__" {
                metadata = try Self.readMetadata(value, fail)
            } else {
                entries.append(try Self.readEntry(key, value, dataStart: start, fileSize: bytes.count, fail))
            }
        }
        entries.sort {
            ($0.range.lowerBound, $0.range.upperBound, $0.name) < ($1.range.lowerBound, $1.range.upperBound, $1.name)
        }
        try checkCover(dataStart: start, fileSize: bytes.count, fail)
    }

    private static func readMetadata(
        _ value: JSON, _ fail: (String) -> RhoError
    ) throws(RhoError) -> [(key: String, value: String)] {
        guard let object = value.objectValue else { throw fail("__metadata__ is not a JSON object") }
        var result: [(key: String, value: String)] = []
        for key in object.keys.sorted() {
            guard let text = object[key]?.stringValue else { throw fail("__metadata__.\(key) is not a string") }
            result.append((key, text))
        }
        return result
    }

    private static func readEntry(
        _ name: String, _ value: JSON, dataStart: Int, fileSize: Int, _ fail: (String) -> RhoError
    ) throws(RhoError) -> Safetensors.Entry {
        guard let typeName = value["dtype"]?.stringValue else { throw fail("tensor '\(name)' has no dtype") }
        guard let type = ElementType(rawValue: typeName) else {
            throw fail("tensor '\(name)' has dtype '\(typeName)', which is not a safetensors dtype known here")
        }
        guard let dimensions = value["shape"]?.arrayValue else { throw fail("tensor '\(name)' has no shape") }
        var shape: [Int] = []
        var size = type.width
        for dimension in dimensions {
            guard let extent = dimension.intValue, extent >= 0 else {
                throw fail("tensor '\(name)' has a shape that is not a list of sizes: \(dimension.serialized())")
            }
            let (product, overflow) = size.multipliedReportingOverflow(by: Int(extent))
            guard !overflow else { throw fail("tensor '\(name)' has a shape too large to count") }
            size = product
            shape.append(Int(extent))
        }
        guard let offsets = value["data_offsets"]?.arrayValue, offsets.count == 2,
            let first = offsets[0].intValue, let last = offsets[1].intValue, first >= 0, last >= first
        else {
            throw fail("tensor '\(name)' has no data_offsets [begin, end] with 0 <= begin <= end")
        }
        let begin = Int(first), end = Int(last)
        guard end - begin == size else {
            throw fail(
                "tensor '\(name)' of dtype \(typeName) and shape \(shape) needs \(size) bytes and is given \(end - begin)"
            )
        }
        guard end <= fileSize - dataStart else {
            throw fail(
                "truncated: tensor '\(name)' ends at byte \(end) of the data, and the file holds \(fileSize - dataStart)"
            )
        }
        return Safetensors.Entry(name: name, type: type, shape: shape, range: (dataStart + begin)..<(dataStart + end))
    }

    /// The format wants the data covered once: no overlap, no hole, no bytes after the last tensor.
    private func checkCover(dataStart: Int, fileSize: Int, _ fail: (String) -> RhoError) throws(RhoError) {
        var position = dataStart
        var previous = ""
        for entry in entries {
            if entry.range.lowerBound < position {
                throw fail("tensor '\(entry.name)' overlaps tensor '\(previous)'")
            }
            if entry.range.lowerBound > position {
                throw fail(
                    "\(entry.range.lowerBound - position) bytes before tensor '\(entry.name)' belong to no tensor")
            }
            position = entry.range.upperBound
            previous = entry.name
        }
        if position != fileSize { throw fail("\(fileSize - position) bytes after the last tensor belong to no tensor") }
    }
}
