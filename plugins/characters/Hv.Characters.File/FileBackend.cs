using Hv.Sdk;
using Hv.Sdk.Chars;

namespace Hv.Characters.File;

/// <summary>A serial line that ends in a file.</summary>
[CharBackend("file", Title = "Writes what a serial line sends to a file; receives nothing")]
public sealed class FileBackend : ICharBackend
{
    /// <inheritdoc/>
    public OptionSchema Options => FileOptions.Schema;

    /// <inheritdoc/>
    public ICharStream Open(OptionValues options, IDeviceLog log)
    {
        FileOptions chosen = FileOptions.Bind(options);
        try
        {
            // Unbuffered: whoever follows the file sees each byte when the guest sent it.
            var file = new FileStream(
                chosen.Target, chosen.Append ? FileMode.Append : FileMode.Create, FileAccess.Write,
                FileShare.ReadWrite, bufferSize: 0);
            return new OutputFile(file, log);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException(
                $"the file '{chosen.Target}' cannot be written: {e.Message}") { Option = "target" };
        }
    }

    private sealed class OutputFile(FileStream file, IDeviceLog log) : ICharStream
    {
        private bool hasFailed;

        /// <summary>Takes everything always: a full disk must not stop the guest's serial line.</summary>
        public int Write(ReadOnlySpan<byte> bytes)
        {
            if (hasFailed)
            {
                return bytes.Length;
            }

            try
            {
                file.Write(bytes);
            }
            catch (IOException e)
            {
                hasFailed = true;
                log.Write(LogLevel.Error, $"'{file.Name}' cannot be written any more, output is dropped: {e.Message}");
            }

            return bytes.Length;
        }

        public void Start(CharsReceived received, Action writable)
        {
        }

        public void Dispose() => file.Dispose();
    }
}
