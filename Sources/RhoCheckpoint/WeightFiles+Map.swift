import RhoCore
import RhoModels
import RhoTensor

extension WeightFiles {
    /// Leaves matrices that are kept in 16 bits in the files, where a file has the parts of one in a row and as they are kept:
    /// they take no memory but the system's cache, which programs share. Returns the parameters that this is true of.
    ///
    /// `named` gives the tensor that holds a weight. Errors: `.value` for a number that f16 weights do not hold.
    func map(
        _ weights: [WeightView], named: (String) -> String
    ) throws(RhoError) -> Set<ObjectIdentifier> {
        var mapped = Set<ObjectIdentifier>()
        var rest = weights[...]
        while let first = rest.first {
            let parts = rest.prefix { $0.parameter === first.parameter }
            rest = rest.dropFirst(parts.count)
            let format = first.parameter.tensor.buffer.format
            guard format != .f32, let run = run(parts, named, ElementType(format)) else { continue }
            if format == .f16 { try checkFinite(run.file, run.entries) }
            if first.parameter.tensor.map(run.file.file, from: run.entries[0].range.lowerBound) {
                mapped.insert(ObjectIdentifier(first.parameter))
            }
        }
        return mapped
    }

    /// The tensors of a matrix's parts, if they follow one another in one file.
    private func run(
        _ parts: ArraySlice<WeightView>, _ named: (String) -> String, _ type: ElementType
    ) -> (file: Safetensors, entries: [Safetensors.Entry])? {
        var found: (file: Safetensors, entries: [Safetensors.Entry])?
        for part in parts {
            guard part.isInOrder, let (file, entry) = place(named(part.name)), entry.type == type,
                entry.shape == part.shape
            else { return nil }
            if let last = found?.entries.last {
                guard found?.file === file, last.range.upperBound == entry.range.lowerBound else { return nil }
                found?.entries.append(entry)
            } else {
                found = (file, [entry])
            }
        }
        return found
    }

    private func checkFinite(_ file: Safetensors, _ entries: [Safetensors.Entry]) throws(RhoError) {
        for entry in entries {
            let bits = UnsafeRawBufferPointer(rebasing: file.file.bytes[entry.range])
            for offset in stride(from: 0, to: bits.count, by: 2)
            where bits.loadUnaligned(fromByteOffset: offset, as: UInt16.self) & 0x7C00 == 0x7C00 {
                throw RhoError(
                    .value, "\(file.path): tensor '\(entry.name)' holds a number that is not finite",
                    hint: "keep the model as bf16 or f32")
            }
        }
    }
}

extension ElementType {
    /// The format that a storage keeps.
    init(_ format: StorageFormat) {
        switch format {
        case .f32: self = .f32
        case .bf16: self = .bf16
        case .f16: self = .f16
        }
    }
}
