-- Run by `pandoc lua` (see pandoc_process.py): one request per line on standard input, one answer per line on standard
-- output, both as JSON. Ends at the end of its input.
--
--     request    {"texts": [...], "from": ..., "to": ..., "cite": whether to resolve citations and list references}
--     answer     {"ok": true, "texts": [...]} or {"ok": false, "text": message}

local writing = {wrap_text = "wrap-none", html_math_method = "mathml"}

local function convert(request)
  local texts = {}
  for number, text in ipairs(request.texts) do
    local document = pandoc.read(text, request.from)
    if request.cite then
      document = pandoc.utils.citeproc(document)
    end
    texts[number] = pandoc.write(document, request.to, writing)
  end
  return texts
end

for line in io.lines() do
  local ok, answer = pcall(convert, pandoc.json.decode(line, false))
  io.write(pandoc.json.encode(ok and {ok = true, texts = answer} or {ok = false, text = tostring(answer)}), "\n")
  io.flush()
end
