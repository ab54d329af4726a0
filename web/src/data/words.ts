// Words for what the check of a data set finds.

import { texts } from '../shared/language'

const t = texts(
  {
    missing_split: 'missing split',
    missing_file: 'missing file',
    broken_file: 'broken file',
    size_mismatch: 'sizes differ',
    unknown_label: 'unknown label',
    nothing_labelled: 'nothing labelled',
    duplicate: 'duplicate',
    rotated: 'turned by EXIF',
    wrong_checksum: 'wrong check sum',
    deep_image: '16-bit image',
    bad_annotation: 'bad annotation',
  },
  {
    missing_split: '분할 없음',
    missing_file: '파일 없음',
    broken_file: '손상된 파일',
    size_mismatch: '크기 불일치',
    unknown_label: '알 수 없는 라벨',
    nothing_labelled: '라벨이 비어 있음',
    duplicate: '중복',
    rotated: 'EXIF 회전',
    wrong_checksum: '체크섬 오류',
    deep_image: '16비트 이미지',
    bad_annotation: '잘못된 주석',
  },
)

export const problemWord = (kind: string): string => (kind in t ? t[kind as keyof typeof t] : kind)
